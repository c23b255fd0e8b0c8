// Draws each <figure data-chart="id"> from the table in the element of that id, and again when the table has changed. Colours are those of
// the style sheet, so that a change of theme holds here too; lines and marks differ by shape as well.
(() => {
  "use strict";
  // Seconds between two marks of time: none is shorter than one, none divides a day into odd parts.
  const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800];
  const UTC = (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC");
  // Below ten, a tenth may matter.
  const digits = (value) => (Math.abs(value) < 9.95 && !Number.isInteger(value) ? 1 : 0);
  const shown = (value) => (value === null ? "–" : value.toLocaleString("en", { minimumFractionDigits: digits(value), maximumFractionDigits: digits(value) }).replaceAll(",", "\u202f"));

  // Times of day; at the first of a day, the day below.
  const times = (_, splits, axis, space, increment) => splits.map((at, nth) => {
    const day = uPlot.fmtDate("{D} {MMM}")(UTC(at));
    if (increment >= 86400) return day;
    const time = uPlot.fmtDate(increment < 60 ? "{HH}:{mm}:{ss}" : "{HH}:{mm}")(UTC(at));
    return nth > 0 && day === uPlot.fmtDate("{D} {MMM}")(UTC(splits[nth - 1])) ? time : `${time}\n${day}`;
  });

  const read = (source) => {
    const rows = [...source.querySelectorAll("tr[data-at]")].reverse();
    const heads = [...source.querySelectorAll("th[data-line]")];
    const numbers = (nth) => rows.map((row) => {
      const value = row.querySelectorAll("td[data-value]")[nth].dataset.value;
      return value === "" ? null : Number(value);
    });
    return {
      names: heads.map((head) => head.textContent),
      lines: heads.map((head) => head.dataset.line),
      data: [rows.map((row) => Number(row.dataset.at) / 1000), ...heads.map((_, nth) => numbers(nth))],
      notes: rows.map((row) => row.querySelector("[data-note]")?.textContent ?? ""),
      noted: source.querySelector("th[data-noted]")?.textContent ?? "",
      caption: source.querySelector("caption")?.textContent ?? source.textContent.trim(),
    };
  };

  const draw = (figure) => {
    const plot = figure.querySelector(".plot");
    const source = document.getElementById(figure.dataset.chart);
    const colour = (name) => () => getComputedStyle(plot.querySelector(`.line.${name}`)).color;
    const looks = {
      area: { stroke: colour("area"), width: 2, fill: () => colour("area")().replace(/^rgb\((.*)\)$/, "rgba($1, .14)"), points: { size: 4 } },
      alarm: { stroke: colour("alarm"), width: 1.5, points: { show: true, size: 5, fill: colour("alarm") } },
      limit: { stroke: colour("limit"), width: 1.5, dash: [6, 4], paths: uPlot.paths.stepped({ align: -1 }), points: { show: false } },
    };
    let now = read(source);
    let chart = null;

    // A line down and a triangle at its foot for each moment something is noted of, where it begins.
    const marks = (u) => {
      const { ctx, bbox } = u;
      const size = 5 * devicePixelRatio;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = colour("mark")();
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
      now.notes.forEach((note, nth) => {
        if (!note || note === now.notes[nth - 1]) return;
        const x = u.valToPos(now.data[0][nth], "x", true);
        const foot = bbox.top + bbox.height;
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, foot);
        ctx.stroke();
        ctx.beginPath();
        ctx.moveTo(x - size, foot);
        ctx.lineTo(x + size, foot);
        ctx.lineTo(x, foot - 1.6 * size);
        ctx.fill();
      });
      ctx.restore();
    };

    const axis = { stroke: colour("axis"), grid: { stroke: colour("grid"), width: 1 }, ticks: { stroke: colour("grid"), width: 1 } };
    const size = () => ({ width: plot.clientWidth, height: plot.clientWidth < 480 ? 180 : 240 });
    const make = () => {
      chart = new uPlot({
        ...size(),
        tzDate: UTC,
        series: [
          { label: "UTC", value: (_, at) => (at === null ? "–" : uPlot.fmtDate("{HH}:{mm}:{ss}")(UTC(at))) },
          ...now.names.map((label, nth) => ({ label, spanGaps: false, value: (_, value) => shown(value), ...looks[now.lines[nth]] })),
        ],
        axes: [{ ...axis, values: times, space: 76, incrs: STEPS }, { ...axis, size: 64, values: (_, values) => values.map(shown) }],
        scales: { y: { range: (_, low, high) => [0, Math.max(high, 1) * 1.08] } },
        cursor: { drag: { x: false, y: false } },
        hooks: { draw: [marks] },
      }, now.data, plot);
      figure.classList.add("drawn");
    };

    const show = () => {
      now = read(source);
      figure.querySelector("figcaption").textContent = now.caption + (now.notes.some(Boolean) ? ` ▲ ${now.noted}: see the table.` : "");
      plot.dataset.points = now.data[0].length;
      if (!chart && now.data[0].length > 0) make();
      else if (chart) chart.setData(now.data);
    };
    show();
    new MutationObserver(show).observe(source, { childList: true });
    new ResizeObserver(() => chart?.setSize(size())).observe(plot);
    // The legend keeps the colours it was made with.
    const repaint = () => {
      chart?.destroy();
      chart = null;
      show();
    };
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => requestAnimationFrame(repaint));
  };

  addEventListener("DOMContentLoaded", () => document.querySelectorAll("figure[data-chart]").forEach(draw));
})();
