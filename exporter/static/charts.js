// Draws each figure's numbers, which also stand below it as a table; without this script the table is all there is.
"use strict";

const COLOURS = ["#5b8def", "#e07b39", "#2e9e6b", "#a05bd0", "#c2a000", "#d04a6e", "#3aa6b9", "#777777"];

function draw(place) {
  const { times, lines } = JSON.parse(place.dataset.chart);
  const series = [
    {},
    ...lines.map(([label], at) => ({
      label,
      stroke: COLOURS[at % COLOURS.length],
      width: 1.5,
      dash: label.endsWith("noise") ? [4, 4] : undefined,
      spanGaps: false,
    })),
  ];
  const options = { width: place.clientWidth, height: 220, series, cursor: { drag: { x: true, y: false } } };
  const plot = new uPlot(options, [times, ...lines.map(([, values]) => values)], place);
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 220 })).observe(place);
}

document.querySelectorAll(".plot[data-chart]").forEach(draw);
