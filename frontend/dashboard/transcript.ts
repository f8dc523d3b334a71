// The conversation follows the newest sentence while one reads along, and stays put once one scrolled up.

const NEAR_PX = 60;

export class Transcript {
  private isFollowing = true;
  private session: string | undefined;

  constructor() {
    // Scroll events do not bubble, but they can be captured; the element itself comes and goes.
    document.addEventListener("scroll", (event) => this.onScroll(event.target), { capture: true, passive: true });
    document.addEventListener("click", (event) => {
      if (event.target instanceof Element && event.target.closest("[data-latest]")) this.toLatest();
    });
  }

  refresh(): void {
    const session = document.getElementById("detail")?.dataset["session"];
    if (session !== this.session) {
      this.session = session;
      this.isFollowing = true;
    }
    if (this.isFollowing) this.toLatest();
    this.showButton();
  }

  private toLatest(): void {
    this.isFollowing = true;
    const box = this.box();
    if (box) box.scrollTop = box.scrollHeight;
    this.showButton();
  }

  private onScroll(target: EventTarget | null): void {
    const box = this.box();
    if (!box || target !== box) return;
    this.isFollowing = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
    this.showButton();
  }

  private showButton(): void {
    const button = document.querySelector<HTMLElement>("[data-latest]");
    if (button) button.hidden = this.isFollowing;
  }

  private box(): HTMLElement | null {
    return document.querySelector<HTMLElement>("[data-scroll]");
  }
}
