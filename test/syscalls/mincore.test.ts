import { replayGroup } from './replay.js';

replayGroup('mincore');
