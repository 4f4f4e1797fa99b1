"""What every route takes and may answer, for the OpenAPI description: pages and forms as well as JSON.

Litestar describes what a handler returns when all is well. Here the rest is said: that it is a page unless
the handler names another kind, what every route refuses and how, that a form may lead on to another page.
"""

from __future__ import annotations

from dataclasses import dataclass

from litestar import MediaType
from litestar.enums import RequestEncodingType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.spec import (
    OpenAPIMediaType,
    OpenAPIResponse,
    OpenAPIType,
    Operation,
    RequestBody,
    Schema,
)
from litestar.openapi.spec.header import OpenAPIHeader
from litestar.response import Response

from ivigil.web.errors import REFUSALS

_TEXT = Schema(type=OpenAPIType.STRING)
_PROBLEM = Schema(
    type=OpenAPIType.OBJECT,
    properties={"status": Schema(type=OpenAPIType.INTEGER), "title": _TEXT, "detail": _TEXT},
    required=["status", "title", "detail"],
)
_PAGE = OpenAPIMediaType(schema=_TEXT)


def described(handler: HTTPRouteHandler) -> HTTPRouteHandler:
    """The same handler; a page unless it names another kind or returns a value."""
    returned = handler.parsed_fn_signature.return_type
    returns_value = not returned.is_subclass_of(Response) and not returned.is_union
    if not handler.media_type:
        handler.media_type = MediaType.JSON if returns_value else MediaType.HTML
    takes_form = "POST" in handler.http_methods and "data" not in handler.parsed_fn_signature.parameters
    handler.operation_class = _Form if takes_form else _Answers
    return handler


@dataclass
class _Answers(Operation):
    """What Litestar knows of a route, and what every route of ours may answer besides."""

    def __post_init__(self) -> None:
        answers = self.responses or {}
        for answer in answers.values():
            if (
                isinstance(answer, OpenAPIResponse)
                and answer.content
                and MediaType.JSON not in answer.content
            ):
                answer.content.setdefault(MediaType.HTML.value, _PAGE)
        answers["303"] = OpenAPIResponse(
            description="Go on there", headers={"location": OpenAPIHeader(schema=_TEXT)}
        )
        for status, title in REFUSALS.items():
            content = {MediaType.HTML.value: _PAGE, MediaType.JSON.value: OpenAPIMediaType(schema=_PROBLEM)}
            answers[str(status)] = OpenAPIResponse(description=title, content=content)
        self.responses = answers


@dataclass
class _Form(_Answers):
    """A form whose fields depend on what it asks about."""

    def __post_init__(self) -> None:
        super().__post_init__()
        fields = Schema(type=OpenAPIType.OBJECT, additional_properties=_TEXT)
        kind = RequestEncodingType.URL_ENCODED.value
        self.request_body = RequestBody(content={kind: OpenAPIMediaType(schema=fields)}, required=True)
