import { replayGroup } from './replay.js';

replayGroup('gup');
