import { replayGroup } from './replay.js';

replayGroup('huge');
