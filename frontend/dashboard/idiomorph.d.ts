declare module "idiomorph" {
  interface Callbacks {
    beforeNodeMorphed?(before: Node, after: Node): boolean;
    beforeNodeRemoved?(node: Node): boolean;
    beforeAttributeUpdated?(attribute: string, node: Element, change: "update" | "remove"): boolean;
  }
  interface Options {
    morphStyle?: "innerHTML" | "outerHTML";
    ignoreActiveValue?: boolean;
    restoreFocus?: boolean;
    callbacks?: Callbacks;
  }
  export const Idiomorph: { morph(before: Element, after: Element | string, options?: Options): Node[] };
}
