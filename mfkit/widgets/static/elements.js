// Creation of HTML elements. Texts are set as properties, never as HTML.

const element = (name, properties = {}, ...children) => {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
};
