// Metadata of an item in groups, each value with its origin. Texts are set as text, never as HTML.

const isolated = (text, properties = {}) => element("bdi", { textContent: text, ...properties });

const metadataGroups = (groups = []) => groups.map(({ name, rows }) => element(
  "section", {}, element("h4", { textContent: name }),
  element("dl", {}, ...rows.flatMap(([label, value, origin]) => [
    element("dt", { textContent: label }),
    element("dd", {}, isolated(value), ...(origin ? [" ", element("small", { textContent: origin })] : [])),
  ])),
));
