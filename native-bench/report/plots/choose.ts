/**
 * Which plots help with which figure.
 *
 * @module
 */

import type { FigureView, ReportView } from '../view.ts';
import { barPlot } from './bars.ts';
import { curvePlot, isCurve } from './curve.ts';
import { latencyPlots } from './latency.ts';
import type { Plot } from './plot.ts';
import { overviewPlot, ratioPlot } from './ratios.ts';

const WIDE = 900;
const NARROW = 400;

/** The same picture for wide and for narrow pages; text of a scaled picture could not be read on a phone. */
export interface Forms {
  readonly wide: Plot;
  readonly narrow: Plot;
}

export function curveOf(view: FigureView): Forms | undefined {
  const wide = curvePlot(view, { width: WIDE, legend: 'beside' });
  const narrow = curvePlot(view, { width: NARROW, legend: 'below' });
  return wide === undefined || narrow === undefined ? undefined : { wide, narrow };
}

export function overviewOf(report: ReportView): Forms | undefined {
  const wide = overviewPlot(report, { width: WIDE, labels: 'beside' });
  const narrow = overviewPlot(report, { width: NARROW, labels: 'above' });
  return wide === undefined || narrow === undefined ? undefined : { wide, narrow };
}

/** Small plots, to stand beside each other; without the curve of a figure that has one. */
export function smallPlots(view: FigureView, report: ReportView): Plot[] {
  if (isCurve(view)) return [ratioPlot(view, report, NARROW) ?? []].flat();
  return [
    barPlot(view, NARROW) ?? [],
    latencyPlots(view, NARROW),
    ratioPlot(view, report, NARROW) ?? [],
  ].flat();
}

/** Everything for a file that shows a figure by itself. */
export function filePlots(view: FigureView, report: ReportView): Plot[] {
  return [curveOf(view)?.wide ?? [], smallPlots(view, report)].flat();
}
