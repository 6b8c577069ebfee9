/**
 * The sections of the page: a figure with table, plots and verdicts, and the table of all claims.
 *
 * @module
 */

import type { Verdict } from '../../results.ts';
import { type Cell, type Grid, gridOf } from '../grid.ts';
import { type Markup, markup } from '../markup.ts';
import { smallPlots } from '../plots/choose.ts';
import { inlineSvg } from '../plots/plot.ts';
import type { FigureView, ReportView } from '../view.ts';
import { commandFor, comparedWith, judged, metricLabel, seenInOneLine } from '../wording.ts';

export function figureSection(view: FigureView, report: ReportView): Markup {
  const { figure, slug, failures } = view;
  const plots = smallPlots(view, report);
  const command = commandFor(report.results, figure);
  return markup`<article id="${slug}">
<h3>${figure.title}</h3>
<p class="method">${figure.method}.${command === undefined ? undefined : markup` Again: <code>${command}</code>`}</p>
${table(gridOf(view, report), figure.title)}
${failures.length === 0 ? undefined : markup`<ul class="failures">${failures.map(({ name, text }) => markup`<li><strong>${name}</strong> ${text}</li>`)}</ul>`}
${figure.verdicts.length === 0 ? undefined : markup`<ul class="verdicts">${figure.verdicts.map((verdict) => verdictItem(view, verdict))}</ul>`}
${plots.length === 0 ? undefined : markup`<div class="plots">${plots.map((plot) => markup`<figure><figcaption>${plot.title}</figcaption>${inlineSvg(plot)}</figure>`)}</div>`}
</article>
`;
}

function table({ form, corner, columns, rows }: Grid, title: string): Markup {
  const dense = form === 'metrics down' ? markup` class="dense"` : undefined;
  const head = columns.map(
    ({ title, ours }) => markup`<th scope="col"${ours ? OURS : undefined}>${title}</th>`,
  );
  const body = rows.map(
    ({ label, ours, cells }) =>
      markup`<tr${ours ? OURS : undefined}><th scope="row">${label}</th>${cells.map((cell, index) => tableCell(cell, columns[index]!.ours))}</tr>
`,
  );
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table${dense}><thead><tr><th scope="col">${corner}</th>${head}</tr></thead><tbody>
${body}</tbody></table></div>`;
}

const OURS = markup` class="ours"`;

function tableCell(cell: Cell, ours: boolean): Markup {
  if (cell.kind === 'none') {
    return cell.text === 'failed'
      ? markup`<td class="failed">failed</td>`
      : markup`<td class="absent">${cell.text}</td>`;
  }
  const range = cell.range === '' ? undefined : markup`<span class="range">${cell.range}</span>`;
  return markup`<td${ours ? OURS : undefined}>${cell.value}${range}</td>`;
}

function verdictItem({ figure }: FigureView, verdict: Verdict): Markup {
  const found = seenInOneLine(figure, verdict);
  const compared = comparedWith(verdict);
  return markup`<li>${status(verdict)} ${verdict.claim.text} (${metricLabel(figure, verdict.claim.metric)}): <b>${found}</b>${compared === '' ? '' : `, ${compared}`}</li>`;
}

function status({ status: seen }: Verdict): Markup {
  return markup`<span class="status ${seen}">${seen}</span>`;
}

export function claimsTable({ suites }: ReportView): Markup {
  const rows = suites.flatMap(({ figures }) =>
    figures.flatMap(({ figure, slug }) =>
      figure.verdicts.map((verdict) => {
        const seen = judged(figure, verdict);
        const range = [seen?.range ?? '', seen === undefined ? '' : (verdict.reason ?? '')]
          .filter((text) => text !== '')
          .map((text) => markup`<span class="range">${text}</span>`);
        return markup`<tr><th scope="row"><a href="#${slug}">${figure.title}</a>: ${metricLabel(figure, verdict.claim.metric)}</th><td class="words">${verdict.claim.text}</td><td>${seen === undefined ? (verdict.reason ?? 'no value') : seen.value}${range}</td><td class="words">${comparedWith(verdict)}</td><td class="words">${status(verdict)}</td></tr>
`;
      }),
    ),
  );
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Claims"><table class="claims"><thead><tr><th scope="col">figure</th><th scope="col" class="words">claim</th><th scope="col">seen</th><th scope="col" class="words">compared</th><th scope="col" class="words">verdict</th></tr></thead><tbody>
${rows}</tbody></table></div>`;
}
