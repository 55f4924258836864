"""One number on how far a map can be trusted, with what it means."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from vaeexplorer.gui.widgets.theme import tabular
from vaeexplorer.latent.map_trust import MapTrust

translate = QCoreApplication.translate


class TrustLabel(QLabel):
    """Takes the room that is left; says nothing while there is no number, or no room for it."""

    def __init__(self) -> None:
        super().__init__()
        self._trust: MapTrust | None = None
        self.setProperty("muted", True)
        self.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.setFont(tabular(self.font()))
        self.setAccessibleName(translate("TrustLabel", "How far the map can be trusted"))

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.width() >= self.sizeHint().width():
            super().paintEvent(event)

    def show_trust(self, trust: MapTrust | None) -> None:
        """Show `trust`, or nothing."""
        if trust is self._trust:  # told anew with every frame of a map that grows
            return
        self._trust = trust
        if trust is None:
            self.clear()
            self.setToolTip("")
            return
        self.setText(
            translate("TrustLabel", "map trust {value:.2f}").format(value=trust.trustworthiness)
        )
        self.setToolTip(
            translate(
                "TrustLabel",
                "About this map, not about the model; both from 0 to 1.\n"
                "Trustworthiness {trustworthiness:.3f}: falls as neighbours on the map are far "
                "apart among the codes.\n"
                "Continuity of the map {continuity:.3f}: falls as neighbours among the codes are "
                "far apart on the map.\n"
                "{k} neighbours of {sampled} images among all {n} (Venna and Kaski 2001).",
            ).format(
                trustworthiness=trust.trustworthiness,
                continuity=trust.continuity,
                k=trust.neighbours,
                sampled=f"{trust.sampled:,}",
                n=f"{trust.n:,}",
            )
        )
