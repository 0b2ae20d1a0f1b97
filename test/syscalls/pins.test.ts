import { replayGroup } from './replay.js';

replayGroup('pins');
