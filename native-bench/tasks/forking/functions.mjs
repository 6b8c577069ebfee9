/**
 * The fork/join problems as a user of Millrace writes them, with numbers for arguments wherever there are no arrays.
 */
export * from './arrays.mjs';
export * from './every-call.mjs';
export * from './queens.mjs';
export * from './trees.mjs';
