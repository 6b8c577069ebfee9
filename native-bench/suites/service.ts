import { service as figure } from '../figures/service/service.ts';
import type { Suite } from './suite.ts';

export const service: Suite = { name: 'service', title: 'A service under load', figures: [figure] };
