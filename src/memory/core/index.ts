// Everything the built core exports. TypeScript sees it through ../core.ts.
export { dequeInit, dequePush, dequePop, dequeSteal, dequeSize, dequeSpill } from './deque';
export {
  ringInit, ringRoom, ringStage, ringPublish, ringPut, ringTake, ringClaim, ringSize,
  spscInit, spscPut, spscTake, spscSize,
  eventPrepare, eventLeave, eventNotify,
} from './rings';
export {
  anyShared, anyWork, wakeOne, wakeSome, wakeWorker, wakeAll, beginSearch, endSearch, park, unpark, spin, forget, arm,
} from './idle';
export { begin, suspend, finish, handBack, inject, injectQuiet, publish, reissue, injectTo, cancel } from './tasks';
export { next, finishNext, offer } from './pick';
export { adopt, graceBegin, graceOver } from './recovery';
