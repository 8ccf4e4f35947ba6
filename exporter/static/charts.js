// Draws each figure's numbers, which also stand below it as a table; without this script the table is all there is.
"use strict";

const COLOURS = ["#5b8def", "#e07b39", "#2e9e6b", "#a05bd0", "#c2a000", "#d04a6e", "#3aa6b9", "#777777"];
const COMPARED = {
  noise: "#7d8794", lower: "#7d8794", upper: "#7d8794", expected: "#e07b39", baseline: "#a05bd0", estimate: "#2e9e6b",
  warning: "#b37400", critical: "#c0392b",
};

// Planned gaps as grey stretches, deployments as lines.
function background(gaps, marks) {
  return (plot) => {
    const { ctx, bbox } = plot;
    const at = (time) => Math.min(Math.max(plot.valToPos(time, "x", true), bbox.left), bbox.left + bbox.width);
    ctx.save();
    ctx.fillStyle = "rgba(128, 128, 128, .25)";
    gaps.forEach(([begin, end]) => ctx.fillRect(at(begin), bbox.top, Math.max(at(end) - at(begin), 2), bbox.height));
    ctx.strokeStyle = "#a05bd0";
    ctx.setLineDash([6, 4]);
    marks.forEach(([time]) => {
      const x = at(time);
      if (x > bbox.left && x < bbox.left + bbox.width) {
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
    });
    ctx.restore();
  };
}

function draw(place) {
  const { times, lines, gaps, marks } = JSON.parse(place.dataset.chart);
  const series = [
    {},
    ...lines.map(([label], at) => {
      const compared = COMPARED[label.split(/[ _]/).pop()];
      return {
        label,
        stroke: compared || COLOURS[at % COLOURS.length],
        width: compared ? 1 : 1.75,
        dash: compared ? [4, 4] : undefined,
        spanGaps: false,
      };
    }),
  ];
  const hooks = { drawClear: [background(gaps, marks)] };
  const options = { width: place.clientWidth, height: 220, series, hooks, cursor: { drag: { x: true, y: false } } };
  const plot = new uPlot(options, [times, ...lines.map(([, values]) => values)], place);
  new ResizeObserver(() => plot.setSize({ width: place.clientWidth, height: 220 })).observe(place);
}

document.querySelectorAll(".plot[data-chart]").forEach(draw);
