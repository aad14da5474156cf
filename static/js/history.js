// The history of one metric, to zoom into: uPlot over the points of the table. Without it the drawn line and the table stand.
const box = document.getElementById("history-chart");
const table = document.getElementById("history-points");

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim() || "currentColor";
}

// light-dark() is resolved by the browser only where a colour is used.
function resolved(name) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found || colour(name);
}

function points() {
  const rows = [...table.tBodies[0].rows];
  const steps = rows.map((row) => Number(row.cells[0].textContent));
  const isRising = steps.every((step, at) => at === 0 || step > steps[at - 1]);
  const values = rows.map((row) => {
    const data = row.cells[1].querySelector("data");
    return data ? Number(data.value) : null;
  });
  return [isRising ? steps : steps.map((_, at) => at), values, isRising ? "step" : "point"];
}

function draw() {
  const [x, y, label] = points();
  const axis = { stroke: resolved("--color-muted"), grid: { stroke: resolved("--color-line"), width: 1 } };
  const options = {
    width: box.clientWidth,
    height: Math.min(320, Math.max(200, box.clientWidth / 3)),
    scales: { x: { time: false } },
    axes: [axis, { ...axis, size: 64 }],
    series: [
      { label },
      { label: box.dataset.name, stroke: resolved("--color-series-1"), width: 1.75, spanGaps: false, points: { show: x.length < 60 } },
    ],
  };
  box.replaceChildren();
  const chart = new window.uPlot(options, [x, y], box);
  box.dataset.drawn = "";
  return chart;
}

if (box && table && window.uPlot) {
  let chart = draw();
  new ResizeObserver(() => {
    if (Math.abs(box.clientWidth - chart.width) > 8) chart.setSize({ width: box.clientWidth, height: chart.height });
  }).observe(box);
  const again = () => {
    chart.destroy();
    chart = draw();
  };
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-theme"] });
}
