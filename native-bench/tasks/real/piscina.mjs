/** Worker file of piscina and tinypool: one exported handler per name, each taking one value, the argument list. */
import * as functions from './functions.mjs';

export const minify = (args) => functions.minify(...args);
export const compress = (args) => functions.compress(...args);
export const render = (args) => functions.render(...args);
export const hashPassword = (args) => functions.hashPassword(...args);
