import { replayGroup } from './replay.js';

replayGroup('mlock');
