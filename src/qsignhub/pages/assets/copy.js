// Beside each block of code a button that copies it. Without scripts the text can be selected as ever.
if (navigator.clipboard) {
  for (const code of document.querySelectorAll("figure.code")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(code.querySelector("code").textContent);
      button.textContent = "Copied";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
    code.querySelector("figcaption").append(button);
  }
}
