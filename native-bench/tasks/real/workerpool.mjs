/** Worker file of workerpool, which spreads the argument list itself. */
import workerpool from 'workerpool';
import * as functions from './functions.mjs';

workerpool.worker({ ...functions });
