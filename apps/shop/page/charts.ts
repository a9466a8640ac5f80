import uPlot from 'uplot';
import type { Moment, Snapshot } from '../src/live/snapshot.ts';
import { byId, figure, say } from './dom.ts';

/** Two charts of the last two minutes, with a line where the transport changed. */
export interface Charts {
  readonly begin: (history: readonly Moment[]) => void;
  readonly add: (snapshot: Snapshot) => void;
}

const shownMs = 120_000;
/** So that the first moments are not all there is to see. */
const leastSeconds = 30;
const height = 180;
let colors = readColors();

export function createCharts(): Charts {
  let moments: readonly Moment[] = [];
  const throughput = chartIn(byId('throughput', HTMLElement), () => moments);
  const latency = chartIn(byId('latency', HTMLElement), () => moments);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    colors = readColors();
    draw();
  });

  function draw(): void {
    const seconds = moments.map(({ at }) => at / 1_000);
    throughput.setData([
      seconds,
      moments.map((moment) => moment.publishedPerSecond),
      moments.map((moment) => moment.handledPerSecond),
    ]);
    latency.setData([
      seconds,
      moments.map((moment) => moment.p50Ms),
      moments.map((moment) => moment.p99Ms),
    ]);
  }

  return {
    begin(history) {
      moments = history;
      draw();
    },
    add({ at, rates, totals, transport }) {
      const last = moments.at(-1);
      if (last?.at === at) return;
      const moment = { at, ...rates, inFlight: totals.inFlight, transport: transport.label };
      moments = [...moments.filter((before) => before.at > at - shownMs), moment];
      say(
        byId('throughput-now', HTMLElement),
        `${figure(rates.publishedPerSecond)} / ${figure(rates.handledPerSecond)}`,
      );
      say(byId('latency-now', HTMLElement), `${shortMs(rates.p50Ms)} / ${shortMs(rates.p99Ms)}`);
      if (document.visibilityState === 'visible') draw();
    },
  };
}

function shortMs(ms: number | null): string {
  if (ms === null) return '–';
  return ms <= 1 ? '≤ 1 ms' : `${figure(ms)} ms`;
}

function chartIn(place: HTMLElement, moments: () => readonly Moment[]): uPlot {
  const axis: uPlot.Axis = {
    stroke: () => colors.dim,
    grid: { stroke: () => colors.line, width: 1 },
    ticks: { show: false },
    font: '12px system-ui, sans-serif',
  };
  const chart = new uPlot(
    {
      width: place.clientWidth,
      height,
      cursor: { show: false },
      legend: { show: false },
      scales: {
        x: { range: (_, least, most) => [Math.min(least, most - leastSeconds), most] },
        y: { range: (_, __, most) => [0, Math.max(10, most * 1.1)] },
      },
      axes: [
        { ...axis, size: 28, space: 80, values: timesOf },
        { ...axis, size: 52, space: 36 },
      ],
      series: [
        {},
        { stroke: () => colors.one, width: 2, points: { show: false } },
        { stroke: () => colors.two, width: 2, points: { show: false } },
      ],
      hooks: {
        draw: [
          (drawn) => {
            markSwaps(drawn, moments());
          },
        ],
      },
    },
    [[], [], []],
    place,
  );
  new ResizeObserver(() => {
    chart.setSize({ width: place.clientWidth, height });
  }).observe(place);
  return chart;
}

function markSwaps(chart: uPlot, moments: readonly Moment[]): void {
  const { ctx, bbox } = chart;
  ctx.save();
  ctx.strokeStyle = colors.accent;
  ctx.setLineDash([4, 4]);
  moments.forEach(({ at, transport }, index) => {
    const before = moments[index - 1];
    if (before === undefined || before.transport === transport) return;
    const x = chart.valToPos(at / 1_000, 'x', true);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
  });
  ctx.restore();
}

function timesOf(_: uPlot, seconds: readonly number[]): string[] {
  return seconds.map((second) => new Date(second * 1_000).toLocaleTimeString('en-GB'));
}

/** As the scheme has them: a canvas knows nothing of custom properties. */
function readColors(): Readonly<Record<'one' | 'two' | 'accent' | 'dim' | 'line', string>> {
  const probe = document.createElement('span');
  document.body.append(probe);
  const of = (name: string): string => {
    probe.style.color = `var(--${name})`;
    return getComputedStyle(probe).color;
  };
  const found = {
    one: of('one'),
    two: of('two'),
    accent: of('accent'),
    dim: of('dim'),
    line: of('line'),
  };
  probe.remove();
  return found;
}
