/** Worker file of poolifier. */
import { ThreadWorker } from 'poolifier';
import { handlers } from './poolifier-handlers.mjs';

export default new ThreadWorker(handlers);
