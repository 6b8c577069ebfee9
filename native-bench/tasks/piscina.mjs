/** Worker file of piscina and tinypool: one exported handler per name, each taking one value, the argument list. */
import * as functions from './functions.mjs';

export const add = (args) => functions.add(...args);
export const addAsync = (args) => functions.addAsync(...args);
export const echo = (args) => functions.echo(...args);
export const checksum = (args) => functions.checksum(...args);
export const summarize = (args) => functions.summarize(...args);
export const crunch = (args) => functions.crunch(...args);
export const crunchWhere = (args) => functions.crunchWhere(...args);
export const spin = (args) => functions.spin(...args);
export const fail = (args) => functions.fail(...args);
export const later = (args) => functions.later(...args);
export const hold = (args) => functions.hold(...args);
export const meet = (args) => functions.meet(...args);
