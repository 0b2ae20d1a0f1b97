import { replayGroup } from './replay.js';

replayGroup('brk');
