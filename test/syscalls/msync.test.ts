import { replayGroup } from './replay.js';

replayGroup('msync');
