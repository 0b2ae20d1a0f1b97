import { replayGroup } from './replay.js';

replayGroup('ftruncate');
