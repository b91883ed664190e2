from __future__ import annotations

from qsignhub.notifications.languages.words import ByKind, ByLevel, Words

CZECH = Words(
    code="cs",
    subject=ByKind(
        invitation="{account} vás žádá o podpis: {document}",
        reminder="Připomenutí: {account} čeká na váš podpis: {document}",
        cancellation="Žádost stažena: {document} již není třeba podepisovat",
    ),
    heading=ByKind(
        invitation="Žádost o váš podpis",
        reminder="Připomenutí: čeká se na váš podpis",
        cancellation="Žádost o podpis byla stažena",
    ),
    greeting="Dobrý den, {name},",
    opening=ByKind(
        invitation="{account} vás žádá o elektronický podpis dokumentu.",
        reminder="{account} stále čeká na váš elektronický podpis tohoto dokumentu.",
        cancellation="{account} ruší žádost o podpis tohoto dokumentu.",
    ),
    document="Dokument",
    signature="Podpis",
    level=ByLevel(
        qes="Kvalifikovaný elektronický podpis (QES)",
        aes="Zaručený elektronický podpis (AES)",
        ses="Prostý elektronický podpis (SES)",
    ),
    open_until="Lze podepsat do",
    button="Přečíst a podepsat",
    copy_link="Pokud tlačítko nefunguje, zkopírujte tuto adresu do prohlížeče:",
    private_link="Tento odkaz je určen pouze vám. Zprávu prosím nepřeposílejte.",
    note=ByKind(
        invitation="{account} píše:",
        reminder="{account} píše:",
        cancellation="Uvedený důvod:",
    ),
    withdrawn="Nemusíte už nic dělat. Odkazem, který jste obdrželi, již nelze nic podepsat.",
    unexpected=(
        "Pokud tuto žádost neočekáváte, odkaz neotvírejte: zeptejte se {account} cestou, kterou již znáte."
        " Bez vás se nic nepodepíše."
    ),
    questions="S dotazy se obraťte na {account} cestou, kterou již znáte.",
    automatic="Zpráva byla odeslána automaticky. Odpovědi nikdo nečte.",
    sandbox="Zkouška bez právních účinků.",
    text=ByKind(
        invitation="{account} vás žádá o podpis „{document}“: {link}",
        reminder="Připomenutí: {account} čeká na váš podpis „{document}“: {link}",
        cancellation="{account} ruší žádost o podpis „{document}“. Není již co podepisovat.",
    ),
    months=(
        *("ledna", "února", "března", "dubna", "května", "června"),
        *("července", "srpna", "září", "října", "listopadu", "prosince"),
    ),
    moment="{day}. {month} {year}, {time}",
)
