/** For `node --import`: tests and scripts of a project may import its job files, and this installation of raingauge. */
import { registerLoader } from '../host/job-loader.js';

registerLoader();
