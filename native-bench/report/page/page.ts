/**
 * The report as one HTML file: no script, nothing loaded from elsewhere.
 *
 * @module
 */

import { countVerdicts, doubtsOf, factsOf, STATUS_MEANING } from '../facts.ts';
import { type Markup, markup } from '../markup.ts';
import { curveOf, type Forms, overviewOf } from '../plots/choose.ts';
import { inlineSvg } from '../plots/plot.ts';
import type { ReportView } from '../view.ts';
import { claimsTable, figureSection } from './figures.ts';
import { STYLE } from './style.ts';

export function page(report: ReportView): string {
  const { results, subject, suites } = report;
  const title = `${capital(subject)} beside its peers`;
  const body = markup`<body>
<header>
<h1>${title}</h1>
${lead(report)}
${doubts(report)}
<dl class="facts">${factsOf(results).map(({ name, text }) => markup`<div><dt>${name}</dt><dd>${text}</dd></div>`)}</dl>
${contents(report)}
</header>
<main>
${glance(report)}
${claims(report)}
${suites.map(
  (suite) => markup`<section id="suite-${suite.name}">
<h2>${suite.title}</h2>
${suite.figures.map((view) => figureSection(view, report))}
</section>
`,
)}
</main>
${foot(report)}
</body>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"/>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<meta name="color-scheme" content="light dark"/>
<title>${markup`${title}`.text}</title>
<style>${STYLE}</style>
</head>
${body.text}
</html>
`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function lead({ results, subject, suites }: ReportView): Markup {
  const families = new Set(
    results.figures
      .flatMap(({ contenders }) => contenders.map(({ family }) => family))
      .filter((name) => name !== subject),
  );
  const failed = new Set(
    results.figures.flatMap(({ contenders }) =>
      contenders.filter(({ status }) => status === 'failed').map(({ name }) => name),
    ),
  );
  const count = `${results.figures.length} ${results.figures.length === 1 ? 'figure' : 'figures'} in ${suites.length} ${suites.length === 1 ? 'suite' : 'suites'}`;
  return markup`<p class="lead">${count}, ${subject} and ${[...families].join(', ')}, each with ${results.workers} workers, interleaved round by round${results.seed === undefined ? '' : ', each round in an order of its own,'} in one run; every result was checked before a figure counted.${failed.size === 0 ? '' : ` Failed in a figure: ${[...failed].join(', ')}.`}</p>`;
}

function doubts({ results }: ReportView): Markup | undefined {
  const found = doubtsOf(results);
  if (found.length === 0) return undefined;
  return markup`<div class="doubts" role="note"><strong>These figures may be off</strong><ul>${found.map((doubt) => markup`<li>${doubt}</li>`)}</ul></div>`;
}

function contents({ suites }: ReportView): Markup {
  const entries = suites.map(
    ({ name, title, figures }) =>
      markup`<li><a href="#suite-${name}">${title}</a><ul>${figures.map(({ slug, figure }) => markup`<li><a href="#${slug}">${figure.title}</a></li>`)}</ul></li>`,
  );
  return markup`<nav aria-label="Contents"><ul>${entries}</ul></nav>`;
}

function glance(report: ReportView): Markup | undefined {
  const curves = report.suites
    .flatMap(({ figures }) => figures)
    .flatMap((view) => {
      const forms = curveOf(view);
      return forms === undefined
        ? []
        : [
            twoForms(
              forms,
              `${view.figure.title}. Rings mark METG(50 %): the shortest task of which half the time is still useful work.`,
            ),
          ];
    });
  const overview = overviewOf(report);
  if (curves.length === 0 && overview === undefined) return undefined;
  return markup`<section id="glance">
<h2>At a glance</h2>
${curves}
${overview === undefined ? undefined : twoForms(overview, `How many times better ${report.subject} is than the best pool of each figure, by its first metric (of rates the ratio, of times its inverse), with the ${report.interval.label}; in colour where all of it is better`)}
</section>`;
}

export function twoForms({ wide, narrow }: Forms, caption: string): Markup {
  return markup`<figure><figcaption>${caption}</figcaption><div class="wide">${inlineSvg(wide)}</div><div class="narrow">${inlineSvg(narrow)}</div></figure>`;
}

function claims(report: ReportView): Markup | undefined {
  const counted = countVerdicts(report.results);
  if (counted.every(({ count }) => count === 0)) return undefined;
  return markup`<section id="claims">
<h2>What is claimed, and what was seen</h2>
<ul class="counts">${counted.map(({ status, count }) => markup`<li title="${STATUS_MEANING[status]}"><b>${count}</b><span class="status ${status}">${status}</span></li>`)}</ul>
${claimsTable(report)}
</section>`;
}

function foot({ interval, subject }: ReportView): Markup {
  return markup`<footer>
<p>Values are medians over the rounds, with the least and the greatest round below. Ratios are taken round by round, since what disturbs one round disturbs both sides; with them stands the ${interval.label}. A claim is judged by the median of those ratios, and where it asks for no more than the other gives, by the interval: where that holds 1, the two are even. One round decides nothing. Of several modes of one library the best is shown, and which it was. Yardsticks are no pools (nothing queues, balances or survives a crash in them): they are shown beside, and never are the best pool. ${capital(subject)} is the first row of each table.</p>
<p>Written by <code>native-bench report</code> from the result file; no figure is typed by hand.</p>
</footer>`;
}
