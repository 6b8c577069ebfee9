/**
 * What the host of a virtual machine takes from it: time in which a core had something to run and was not there. Nothing in
 * the machine causes or prevents it, no load average shows it, and it comes in spells.
 *
 * @module
 */

import { readFileSync } from 'node:fs';

/** Time of all cores since the start of the system, in ticks. */
export interface HostTimes {
  /** In which something ran. */
  readonly ran: number;
  /** In which something would have. */
  readonly stolen: number;
}

/** Undefined: the system does not tell, as all but Linux. */
export function hostTimes(
  read: () => string = () => readFileSync('/proc/stat', 'utf8'),
): HostTimes | undefined {
  let text: string;
  try {
    text = read();
  } catch {
    return undefined;
  }
  // user nice system idle iowait irq softirq steal: `man 5 proc_stat`.
  const [, ...fields] = /^cpu +(\d+) (\d+) (\d+) \d+ \d+ (\d+) (\d+) (\d+)/.exec(text) ?? [];
  const [user, nice, system, irq, softirq, stolen] = fields.map(Number);
  if (stolen === undefined) return undefined;
  return { ran: user! + nice! + system! + irq! + softirq!, stolen };
}

/** The stolen share of the time the cores were wanted, 0 to 1. */
export function stolenShare(before: HostTimes | undefined, after: HostTimes | undefined): number | undefined {
  if (before === undefined || after === undefined) return undefined;
  const stolen = after.stolen - before.stolen;
  const wanted = stolen + after.ran - before.ran;
  return wanted > 0 ? stolen / wanted : 0;
}
