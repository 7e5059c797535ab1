/** The main job: words of the last five seconds, once a second, and each word's total as it comes. On any text file. */
import { seconds, topology } from 'raingauge';
import { stdout } from 'raingauge/sinks';
import { textFile } from 'raingauge/sources';
import { mobyDick } from './moby-dick.js';

export default topology('word-count', { batchInterval: seconds(0.5) }, (t) => {
  const words = t
    .source('lines', textFile(mobyDick()))
    .flatMap((line) => line.toLowerCase().split(/\W+/))
    .filter((word) => word !== '')
    .map((word) => [word, 1] as const); // a stream of pairs is a KeyedStream

  words.runningReduce({ uid: 'running', reduce: (a, b) => a + b }).to('running', stdout());
  words
    .reduceByKeyAndWindow({
      uid: 'counts',
      window: seconds(5),
      slide: seconds(1),
      reduce: (a, b) => a + b,
      inverse: (total, left) => total - left, // work per slide, not per window
    })
    .to('counts', stdout());
});
