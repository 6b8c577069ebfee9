#!/usr/bin/env node
import { createMapPool } from './pool.ts';
import { runProcess } from './process.ts';

await runProcess(createMapPool);
