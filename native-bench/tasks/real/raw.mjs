/** Worker file of the bare `postMessage` program. */
import { serve } from '../serve.mjs';
import * as functions from './functions.mjs';

serve({ ...functions });
