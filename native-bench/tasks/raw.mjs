/** Worker file of the bare `postMessage` program. */
import * as functions from './functions.mjs';
import { serve } from './serve.mjs';

serve({ ...functions });
