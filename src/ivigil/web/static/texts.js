// The texts that a page brings for its scripts, in the language of the site.

// Says the text of a name with its values: texts("board-texts")("left", { count: 3 }).
export function texts(id) {
  const brought = document.getElementById(id)?.content.children ?? [];
  const found = new Map([...brought].map((each) => [each.dataset.name, each.textContent]));
  return (name, values = {}) => (found.get(name) ?? "").replace(/\{(\w+)\}/g, (_, place) => values[place] ?? "");
}
