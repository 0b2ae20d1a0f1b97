import { replayGroup } from './replay.js';

replayGroup('cow');
