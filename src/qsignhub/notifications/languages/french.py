from __future__ import annotations

from qsignhub.notifications.languages.words import ByKind, ByLevel, Words

FRENCH = Words(
    code="fr",
    subject=ByKind(
        invitation="{account} vous demande de signer\u00a0: {document}",
        reminder="Rappel\u00a0: {account} attend votre signature\u00a0: {document}",
        cancellation="Demande retirée\u00a0: {document} n’est plus à signer",
    ),
    heading=ByKind(
        invitation="Votre signature est demandée",
        reminder="Rappel\u00a0: votre signature est attendue",
        cancellation="La demande de signature a été retirée",
    ),
    greeting="Bonjour {name},",
    opening=ByKind(
        invitation="{account} vous demande de signer un document par voie électronique.",
        reminder="{account} attend toujours votre signature électronique sur ce document.",
        cancellation="{account} a retiré la demande de signature de ce document.",
    ),
    document="Document",
    signature="Signature",
    level=ByLevel(
        qes="Signature électronique qualifiée (QES)",
        aes="Signature électronique avancée (AES)",
        ses="Signature électronique simple (SES)",
    ),
    open_until="Possible jusqu’au",
    button="Lire et signer",
    copy_link="Si le bouton ne fonctionne pas, copiez cette adresse dans votre navigateur\u00a0:",
    private_link="Ce lien vous est strictement personnel. Merci de ne pas transférer ce message.",
    note=ByKind(
        invitation="{account} vous écrit\u00a0:",
        reminder="{account} vous écrit\u00a0:",
        cancellation="Le motif indiqué\u00a0:",
    ),
    withdrawn="Vous n’avez plus rien à faire. Le lien que vous avez reçu ne permet plus de signer.",
    unexpected=(
        "Si vous n’attendez pas cette demande, n’ouvrez pas le lien\u00a0: renseignez-vous auprès de"
        " {account} par un moyen que vous connaissez déjà. Rien n’est signé sans vous."
    ),
    questions="Pour toute question, adressez-vous à {account} par un moyen que vous connaissez déjà.",
    automatic="Ce message a été envoyé automatiquement. Les réponses ne sont pas lues.",
    sandbox="Un test, sans valeur juridique.",
    text=ByKind(
        invitation="{account} vous demande de signer «\u00a0{document}\u00a0»\u00a0: {link}",
        reminder="Rappel\u00a0: {account} attend votre signature pour «\u00a0{document}\u00a0»\u00a0: {link}",
        cancellation="{account} a retiré «\u00a0{document}\u00a0». Il n’y a plus rien à signer.",
    ),
    months=(
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    moment="{day} {month} {year}, {time}",
)
