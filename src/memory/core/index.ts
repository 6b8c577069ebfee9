// Everything the built core exports. TypeScript sees it through ../core.ts.
export { dequeInit, dequePop, dequePush, dequeSize, dequeSpill, dequeSteal } from './deque';
export { forkAdopt, forkMend } from './fork-deaths';
export {
  forkBegin, forkClaim, forkDrop, forkFree, forkHelp, forkOwn, forkReturn, forkSuspend,
} from './fork-steals';
export { fork, forkAttach, forkInit, take } from './forks';
export { overflowed } from './overflow';
export {
  anyShared,
  anyWork,
  arm,
  beginSearch,
  completed,
  endSearch,
  forget,
  park,
  parkLooping,
  ping,
  recall,
  spin,
  unpark,
  wakeAll,
  wakeOne,
  wakeSome,
  wakeWorker,
} from './idle';
export { forkFinish, joinPark, joinUnpark } from './joins';
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
