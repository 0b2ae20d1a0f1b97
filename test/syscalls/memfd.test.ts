import { replayGroup } from './replay.js';

replayGroup('memfd');
