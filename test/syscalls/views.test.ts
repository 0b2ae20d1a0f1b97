import { replayGroup } from './replay.js';

replayGroup('views');
