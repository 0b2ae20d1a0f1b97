import { replayGroup } from './replay.js';

replayGroup('rw');
