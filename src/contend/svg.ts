/** The pieces that the drawings of a report share: scales, ticks, frames, marks. No dependency. */
import { escapeHtml } from './html.js';

/** Size of a panel and of the area inside its axes, in SVG units (CSS pixels at full size). */
export const PANEL = { width: 360, height: 250, left: 60, right: 14, top: 14, bottom: 46 } as const;

/** How many series have a colour of their own; later ones start over with another mark. */
const COLOURS = 8;

/** Maps a value to a place on the drawing. */
type Scale = (value: number) => number;

/** An axis: where values go, and the values that get a label. */
export interface Axis {
  readonly scale: Scale;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
  /** What is measured, with its unit. */
  readonly title: string;
}

/** A vertical axis from 0 to at least `highest`, with 4 to 6 round ticks. */
export function linearAxis(highest: number, title: string): Axis {
  const top = highest > 0 && Number.isFinite(highest) ? highest : 1;
  const step = roundStep(top / 5);
  const steps = Math.ceil(top / step - 1e-9);
  const decimals = Math.max(0, -Math.floor(Math.log10(step)));
  const ticks = Array.from({ length: steps + 1 }, (_, i) => ({
    at: i * step,
    label: (i * step).toFixed(decimals),
  }));
  const bottom = PANEL.height - PANEL.bottom;
  return {
    scale: (value) => bottom - (value / (steps * step)) * (bottom - PANEL.top),
    ticks,
    title,
  };
}

/** A vertical logarithmic axis over whole decades around `lowest` to `highest`; both above 0. */
export function logAxis(
  lowest: number,
  highest: number,
  title: string,
  label: (value: number) => string,
): Axis {
  const from = Math.floor(Math.log10(lowest) + 1e-9);
  const to = Math.max(from + 1, Math.ceil(Math.log10(highest) - 1e-9));
  const every = Math.ceil((to - from) / 6);
  const ticks = [];
  for (let exponent = from; exponent <= to; exponent += every) {
    ticks.push({ at: 10 ** exponent, label: label(10 ** exponent) });
  }
  const bottom = PANEL.height - PANEL.bottom;
  return {
    scale: (value) => bottom - ((Math.log10(value) - from) / (to - from)) * (bottom - PANEL.top),
    ticks,
    title,
  };
}

/** A horizontal axis with one evenly spaced place for each label; values are their indexes. */
export function categoryAxis(labels: readonly string[], title: string): Axis {
  const width = PANEL.width - PANEL.left - PANEL.right;
  const slot = width / Math.max(labels.length, 1);
  return {
    scale: (index) => PANEL.left + slot * (index + 0.5),
    ticks: labels.map((label, at) => ({ at, label })),
    title,
  };
}

/** A panel: grid lines, axes with titles and units, and `marks` on top. */
export function panel(x: Axis, y: Axis, marks: string, description: string): string {
  const { width, height, left, right, top, bottom } = PANEL;
  const floor = height - bottom;
  const middle = (left + width - right) / 2;
  return [
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(description)}">`,
    ...y.ticks.map(({ at, label }) => gridLine(n(y.scale(at)), label)),
    ...x.ticks.map(
      ({ at, label }) =>
        `<text class="tick" x="${n(x.scale(at))}" y="${floor + 16}" text-anchor="middle">` +
        `${escapeHtml(label)}</text>`,
    ),
    `<line class="axis" x1="${left}" y1="${floor}" x2="${width - right}" y2="${floor}"/>`,
    `<text class="title" x="${middle}" y="${height - 8}" text-anchor="middle">` +
      `${escapeHtml(x.title)}</text>`,
    `<text class="title" transform="translate(11 ${(top + floor) / 2}) rotate(-90)" ` +
      `text-anchor="middle">${escapeHtml(y.title)}</text>`,
    marks,
    '</svg>',
  ].join('\n');
}

function gridLine(y: string, label: string): string {
  const { left, width, right } = PANEL;
  return (
    `<line class="grid" x1="${left}" y1="${y}" x2="${width - right}" y2="${y}"/>` +
    `<text class="tick" x="${left - 6}" y="${y}" dy="0.35em" text-anchor="end">` +
    `${escapeHtml(label)}</text>`
  );
}

/** A line through points, in the colour of series `series`; nothing for fewer than two points. */
export function polyline(points: readonly (readonly [number, number])[], series: number): string {
  if (points.length < 2) return '';
  const path = points.map(([x, y]) => `${n(x)},${n(y)}`).join(' ');
  return `<polyline class="line s${series % COLOURS}" points="${path}"/>`;
}

/** An error bar from `low` to `high` (places, not values) with caps. */
export function errorBar(x: number, low: number, high: number, series: number): string {
  const cap = (y: number) => `M${n(x - 3)} ${n(y)}h6`;
  const path = `M${n(x)} ${n(low)}V${n(high)}${cap(low)}${cap(high)}`;
  return `<path class="bar s${series % COLOURS}" d="${path}"/>`;
}

/**
 * The mark of a series: its shape tells it apart where colours cannot. `hint` shows on
 * hovering.
 */
export function mark(x: number, y: number, series: number, hint: string): string {
  const shapes = [
    'M-4 0a4 4 0 1 0 8 0a4 4 0 1 0 -8 0Z', // circle
    'M-3.6 -3.6H3.6V3.6H-3.6Z', // square
    'M0 -5L5 0L0 5L-5 0Z', // diamond
    'M0 -4.6L4.6 3.6H-4.6Z', // triangle
    'M0 4.6L4.6 -3.6H-4.6Z', // triangle, point down
  ] as const;
  const shape = shapes[series % shapes.length] as string;
  return (
    `<path class="mark s${series % COLOURS}" transform="translate(${n(x)} ${n(y)})" d="${shape}">` +
    `<title>${escapeHtml(hint)}</title></path>`
  );
}

/** The names of the series with their marks, as one line of HTML. */
export function legend(names: readonly string[]): string {
  const items = names.map(
    (name, series) =>
      `<li><svg viewBox="-7 -7 14 14" width="14" height="14" aria-hidden="true">` +
      `${mark(0, 0, series, name)}</svg>${escapeHtml(name)}</li>`,
  );
  return `<ul class="legend">${items.join('')}</ul>`;
}

/** 1, 2, 2.5 or 5 times a power of ten, the first that is not below `raw`. */
function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  const factor = [1, 2, 2.5, 5].find((one) => one * power >= raw - power * 1e-9) ?? 10;
  return factor * power;
}

/** A coordinate, to a hundredth of a pixel. */
function n(value: number): string {
  return String(Math.round(value * 100) / 100);
}
