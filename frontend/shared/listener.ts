// Listen to a stream for when somebody is heard. Where the browser cannot, nothing is measured.

import { Sounds, type Heard } from "./heard";

const loaded = new WeakMap<AudioContext, Promise<boolean>>();

/** Once for each context; false where there are no worklets or the program did not come. */
function load(context: AudioContext, program: string): Promise<boolean> {
  const known = loaded.get(context);
  if (known !== undefined) return known;
  const loading = (context.audioWorklet?.addModule(program) ?? Promise.reject(new Error("no worklets"))).then(
    () => true,
    () => false,
  );
  loaded.set(context, loading);
  return loading;
}

export class Listener {
  readonly sounds = new Sounds();
  private source: MediaStreamAudioSourceNode | null = null;
  private node: AudioWorkletNode | null = null;
  private turn = 0;

  constructor(
    private readonly context: AudioContext,
    private readonly program: string,
  ) {}

  get isListening(): boolean {
    return this.node !== null;
  }

  async listen(stream: MediaStream): Promise<void> {
    if (stream === this.source?.mediaStream) return;
    const turn = ++this.turn;
    if (!(await load(this.context, this.program)) || turn !== this.turn) return;
    this.node ??= this.newNode();
    this.source?.disconnect();
    this.source = this.context.createMediaStreamSource(stream);
    this.source.connect(this.node);
  }

  close(): void {
    this.turn += 1;
    this.source?.disconnect();
    this.node?.port.close();
    this.source = this.node = null;
  }

  private newNode(): AudioWorkletNode {
    const node = new AudioWorkletNode(this.context, "hearing", { numberOfInputs: 1, numberOfOutputs: 0 });
    node.port.onmessage = (message) => this.sounds.take(message.data as Heard, performance.now());
    return node;
  }
}
