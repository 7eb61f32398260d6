"""Settings, read from the environment (`CONSEIL_*`). Every default is what `make run` needs; docs/reglages.md lists them."""
from pathlib import Path
from typing import Optional

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

RACINE = Path(__file__).resolve().parents[1]


class Reglages(BaseSettings):
    """What may differ from one installation to another. Nothing here changes what an answer says."""

    model_config = SettingsConfigDict(env_prefix="CONSEIL_", extra="ignore")

    donnees: Path = Field(RACINE / "var", description="dossier des bases embarquées, journaux et jetons de ce poste")
    base: Optional[str] = Field(None, description="adresse SQLAlchemy de la base de contacts ; sinon SQLite dans `donnees`")
    hote: str = Field("127.0.0.1", description="adresse d'écoute du site public")
    port: int = Field(8000, description="port du site public")
    port_moteur: int = Field(5005, description="port local du moteur")
    sites: int = Field(1, ge=1, le=16, description="nombre de sites lancés par `conseil serve`, sur des ports qui se suivent, derrière un mandataire")
    moteurs: int = Field(1, ge=1, le=16, description="nombre de moteurs lancés par `conseil serve`, sur des ports qui se suivent")
    port_actions: int = Field(5055, description="port local des actions")
    jeton_moteur: str = Field("", description="secret partagé entre le site et le moteur ; tiré au démarrage par `conseil serve`")
    site: Optional[str] = Field(None, description="adresse publique du site, telle que les courriers et courriels l'écrivent ; sinon hôte et port")
    moteur: Optional[str] = Field(None, description="adresse du moteur, ou des moteurs séparées par des virgules ; sinon 127.0.0.1 et `port_moteur`")
    redis: Optional[str] = Field(None, description="serveur Redis des limites et des verrous, quand plusieurs sites ou moteurs tournent ensemble")
    suivi: Optional[str] = Field(None, description="base PostgreSQL du suivi des moteurs ; sinon un fichier SQLite dans `donnees`")
    mandataires: str = Field("127.0.0.1", description="adresses des mandataires (nginx) dont le site croit l'en-tête X-Forwarded-For")
    production: bool = Field(False, description="refuse de démarrer avec un réglage qui n'est pas sûr")
    modele: Path = Field(RACINE / "models" / "assistant.tar.gz", description="modèle entraîné")
    demo: bool = Field(False, description="site de démonstration : données fictives, bandeau sur chaque page")
    caisse: str = Field("demo-aquitaine", description="caisse servie quand la page n'en nomme pas")
    cle: Optional[SecretStr] = Field(None, description="clé de l'installation (32 caractères au moins) ; sinon tirée dans `donnees`, fichier « cle »")
    cle_sauvegardes: Optional[SecretStr] = Field(None, description="clé qui chiffre les sauvegardes ; absente, elles ne le sont pas")
    connexions_par_minute: int = Field(30, description="essais de connexion à l'espace par minute et par adresse")
    cookies_surs: bool = Field(False, description="cookies réservés à HTTPS (obligatoire derrière un site public)")
    messages_par_minute: int = Field(20, description="messages acceptés par minute et par conversation")
    conversations_par_minute: int = Field(30, description="conversations ouvertes par minute et par adresse")
    smtp_hote: Optional[str] = Field(None, description="serveur de courriel ; absent, rien ne part")
    smtp_port: int = Field(25, description="port du serveur de courriel")
    smtp_tls: bool = Field(True, description="STARTTLS exigé avant d'envoyer quoi que ce soit")
    smtp_utilisateur: Optional[str] = Field(None, description="identifiant sur le serveur de courriel")
    smtp_mot_de_passe: Optional[SecretStr] = Field(None, description="mot de passe sur le serveur de courriel")
    smtp_expediteur: Optional[str] = Field(None, description="adresse d'expédition : « conseil@caisse.example »")
    jeton_metriques: Optional[SecretStr] = Field(None, description="jeton qui ouvre /metrics depuis une autre machine")
    delai_moteur: float = Field(1.5, description="secondes laissées au moteur avant de répondre sans lui")

    @property
    def adresse_base(self) -> str:
        return self.base or f"sqlite:///{self.donnees / 'contacts.db'}"

    @property
    def adresses_moteur(self) -> tuple[str, ...]:
        """Every engine, in the order that all fronts share."""
        donnees = tuple(a.strip().rstrip("/") for a in (self.moteur or "").split(",") if a.strip())
        return donnees or tuple(f"http://127.0.0.1:{self.port_moteur + i}" for i in range(self.moteurs))

    @property
    def adresse_moteur(self) -> str:
        """The first engine."""
        return self.adresses_moteur[0]

    @property
    def adresse_publique(self) -> str:
        """Without a trailing slash: « https://conseil.caisse.example »."""
        return (self.site or f"http://{self.hote}:{self.port}").rstrip("/")
