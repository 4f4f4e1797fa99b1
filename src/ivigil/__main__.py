"""``python -m ivigil``: the same as the ``ivigil`` command."""

from ivigil.cli.main import main

raise SystemExit(main())
