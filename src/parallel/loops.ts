/**
 * Inner loops, one closure for each body function.
 *
 * V8 inlines a call when its site has seen one function only. A loop shared by all bodies has seen many, and each
 * iteration of an empty body then costs a call of some 3 ns. So every body gets a loop of its own, compiled from
 * text by `new Function`: the text is a constant of this file, with nothing of the caller's in it.
 *
 * Where code generation from strings is forbidden (`--disallow-code-generation-from-strings`), the plain form of the
 * same loop is used: the same results, more time for each call of the body.
 *
 * @module
 */
import type { AnyFunction } from '../../workers/fork/forker.ts';

/** Any loop; each template says its own. */
export type Loop = (...args: never[]) => unknown;

/** One loop in two forms. `$A` in the text stands for the extra arguments, with a comma before each. */
export interface Template<L extends Loop> {
  readonly text: string;
  readonly plain: (f: Callable, g: Callable) => L;
}

/** A body as loops call it. */
export type Callable = (...args: unknown[]) => unknown;

/** Turns the text of a function of `f` and `g` into that function. */
export type Compile = (text: string) => (f: Callable, g: Callable) => Loop;

/** Finds the loop of a template for one body, or two. */
export class Loops {
  readonly #compile: Compile;
  readonly #made = new WeakMap<AnyFunction, WeakMap<AnyFunction, Map<Template<never>, Map<string, Loop>>>>();
  /** V8 keeps one function for equal texts, and with it what it has learnt of its calls. */
  #serial = 0;
  #forbidden = false;

  constructor(compile: Compile) {
    this.#compile = compile;
  }

  /**
   * The loop of `template` that calls `f` (and `g`) with `extra` more arguments.
   *
   * @param about - kinds of the arrays the loop reads, so that each loop sees one kind only
   */
  of<L extends Loop>(
    template: Template<L>,
    about: string,
    extra: number,
    f: AnyFunction,
    g: AnyFunction = f,
  ): L {
    const key = extra === 0 ? about : `${about} ${extra}`;
    const loops = this.#loops(f, g, template as never);
    let loop = loops.get(key);
    if (loop === undefined) {
      loop = this.#make(template, extra, f as Callable, g as Callable);
      loops.set(key, loop);
    }
    return loop as L;
  }

  #loops(f: AnyFunction, g: AnyFunction, template: Template<never>): Map<string, Loop> {
    let second = this.#made.get(f);
    if (second === undefined) this.#made.set(f, (second = new WeakMap()));
    let templates = second.get(g);
    if (templates === undefined) second.set(g, (templates = new Map()));
    let loops = templates.get(template);
    if (loops === undefined) templates.set(template, (loops = new Map()));
    return loops;
  }

  #make(template: Template<Loop>, extra: number, f: Callable, g: Callable): Loop {
    if (this.#forbidden) return template.plain(f, g);
    const names = Array.from({ length: extra }, (_, k) => `, a${k}`).join('');
    const text = `'use strict'; return ${template.text.replaceAll('$A', names)}; // ${this.#serial++}`;
    try {
      return this.#compile(text)(f, g);
    } catch (error) {
      if (!(error instanceof EvalError)) throw error;
      this.#forbidden = true;
      return template.plain(f, g);
    }
  }
}

/** The loops of this thread. */
export const loops: Loops = new Loops((text) => new Function('f', 'g', text) as ReturnType<Compile>);

type Indexed = Record<number, unknown>;
type Extra = readonly unknown[];

/** `f(i, …)` for each index. */
export const FOR: Template<(lo: number, hi: number, ...extra: Extra) => void> = {
  text: '(lo, hi$A) => { for (let i = lo; i < hi; i++) f(i$A); }',
  plain:
    (f) =>
    (lo, hi, ...extra) => {
      for (let i = lo; i < hi; i++) f(i, ...extra);
    },
};

/** `f(x, i, …)` for each element. */
export const EACH: Template<(lo: number, hi: number, view: Indexed, ...extra: Extra) => void> = {
  text: '(lo, hi, view$A) => { for (let i = lo; i < hi; i++) f(view[i], i$A); }',
  plain:
    (f) =>
    (lo, hi, view, ...extra) => {
      for (let i = lo; i < hi; i++) f(view[i], i, ...extra);
    },
};

/** `out[i] = f(x, i, …)`. */
export const MAP: Template<(lo: number, hi: number, view: Indexed, out: Indexed, ...extra: Extra) => void> = {
  text: '(lo, hi, view, out$A) => { for (let i = lo; i < hi; i++) out[i] = f(view[i], i$A); }',
  plain:
    (f) =>
    (lo, hi, view, out, ...extra) => {
      for (let i = lo; i < hi; i++) out[i] = f(view[i], i, ...extra);
    },
};

/** `out[i - base] = f(i, i, …)`. */
export const MAP_RANGE: Template<
  (lo: number, hi: number, base: number, out: Indexed, ...extra: Extra) => void
> = {
  text: '(lo, hi, base, out$A) => { for (let i = lo; i < hi; i++) out[i - base] = f(i, i$A); }',
  plain:
    (f) =>
    (lo, hi, base, out, ...extra) => {
      for (let i = lo; i < hi; i++) out[i - base] = f(i, i, ...extra);
    },
};

/** Folds elements into `acc` by `f`. */
export type Fold = (acc: unknown, lo: number, hi: number, view: Indexed, ...extra: Extra) => unknown;

export const FOLD: Template<Fold> = {
  text: '(acc, lo, hi, view) => { for (let i = lo; i < hi; i++) acc = f(acc, view[i]); return acc; }',
  plain: (f) => (acc, lo, hi, view) => {
    for (let i = lo; i < hi; i++) acc = f(acc, view[i]);
    return acc;
  },
};

/** The same of what `g` makes of each element. */
export const FOLD_MAPPED: Template<Fold> = {
  text: '(acc, lo, hi, view$A) => { for (let i = lo; i < hi; i++) acc = f(acc, g(view[i], i$A)); return acc; }',
  plain:
    (f, g) =>
    (acc, lo, hi, view, ...extra) => {
      for (let i = lo; i < hi; i++) acc = f(acc, g(view[i], i, ...extra));
      return acc;
    },
};

/** The same of indices; the array is not read. */
export const FOLD_RANGE: Template<Fold> = {
  text: '(acc, lo, hi, view) => { for (let i = lo; i < hi; i++) acc = f(acc, i); return acc; }',
  plain: (f) => (acc, lo, hi) => {
    for (let i = lo; i < hi; i++) acc = f(acc, i);
    return acc;
  },
};

export const FOLD_RANGE_MAPPED: Template<Fold> = {
  text: '(acc, lo, hi, view$A) => { for (let i = lo; i < hi; i++) acc = f(acc, g(i, i$A)); return acc; }',
  plain:
    (f, g) =>
    (acc, lo, hi, _view, ...extra) => {
      for (let i = lo; i < hi; i++) acc = f(acc, g(i, i, ...extra));
      return acc;
    },
};

/** Packs the elements that `f` accepts from `out[lo]` on; how many they are. */
export const PACK: Template<
  (lo: number, hi: number, view: Indexed, out: Indexed, ...extra: Extra) => number
> = {
  text: '(lo, hi, view, out$A) => { let n = lo; for (let i = lo; i < hi; i++) { const x = view[i]; if (f(x, i$A)) out[n++] = x; } return n - lo; }',
  plain:
    (f) =>
    (lo, hi, view, out, ...extra) => {
      let n = lo;
      for (let i = lo; i < hi; i++) {
        const x = view[i];
        if (f(x, i, ...extra)) out[n++] = x;
      }
      return n - lo;
    },
};

type Merge = (
  from: Indexed,
  to: Indexed,
  i: number,
  iEnd: number,
  j: number,
  jEnd: number,
  at: number,
  end: number,
  ...extra: Extra
) => number;

/** Merges two runs into `to[at]` to `to[end - 1]`, the left one first where `f` says equal; where it is in the left. */
export const MERGE: Template<Merge> = {
  text: '(from, to, i, iEnd, j, jEnd, at, end$A) => { for (let k = at; k < end; k++) { if (i < iEnd && (j >= jEnd || !(f(from[j], from[i]$A) < 0))) to[k] = from[i++]; else to[k] = from[j++]; } return i; }',
  plain:
    (f) =>
    (from, to, i, iEnd, j, jEnd, at, end, ...extra) => {
      for (let k = at; k < end; k++) {
        if (i < iEnd && (j >= jEnd || !((f(from[j], from[i], ...extra) as number) < 0))) to[k] = from[i++];
        else to[k] = from[j++];
      }
      return i;
    },
};
