// Everything the built core exports. TypeScript sees it through ../core.ts.
export { dequeInit, dequePop, dequePush, dequeSize, dequeSpill, dequeSteal } from './deque';
export {
  fork, fork1, fork3, forkAdopt, forkAttach, forkBegin, forkClaim, forkDrop, forkFinish, forkFree, forkHelp, forkHungry, forkInit, forkMend, forkOwn, forkPop, forkReturn, forkSuspend,
  joinPark, joinUnpark, take,
} from './forks';
export {
  anyShared,
  anyWork,
  arm,
  beginSearch,
  endSearch,
  forget,
  park,
  ping,
  spin,
  unpark,
  wakeAll,
  wakeOne,
  wakeSome,
  wakeWorker,
} from './idle';
export { finishNext, next, offer } from './pick';
export { adopt, graceBegin, graceOver } from './recovery';
export {
  eventLeave,
  eventNotify,
  eventPrepare,
  ringClaim,
  ringInit,
  ringPublish,
  ringPut,
  ringRoom,
  ringSize,
  ringStage,
  ringTake,
  spscInit,
  spscPut,
  spscSize,
  spscTake,
} from './rings';
export {
  begin,
  cancel,
  finish,
  handBack,
  inject,
  injectQuiet,
  injectTo,
  publish,
  reissue,
  suspend,
} from './tasks';
