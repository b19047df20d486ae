package ngap

// MBSSessionID is the MBS Session ID IE, TS 38.413 §9.3.1.206.
//
//aper:sequence
type MBSSessionID struct {
	TMGI TMGI
	NID  *NID `aper:"optional"`
}

// TMGI is part of MBS Session ID, TS 38.413 §9.3.1.206.
//
//aper:octets 6
type TMGI [6]byte

// MBSAreaSessionID is the MBS Area Session ID IE, TS 38.413 §9.3.1.207.
//
//aper:int 0..65535 ext
type MBSAreaSessionID uint16

// MBSSessionSetupResponseList is the MBS Session Setup Response List IE, TS 38.413 §9.3.1.213.
//
//aper:list 1..32
type MBSSessionSetupResponseList []MBSSessionSetupResponseItem

// MBSSessionSetupResponseItem is part of MBS Session Setup Response List, TS 38.413 §9.3.1.213.
//
//aper:sequence
type MBSSessionSetupResponseItem struct {
	MBSSessionID     MBSSessionID
	MBSAreaSessionID *MBSAreaSessionID `aper:"optional"`
}

// MBSSessionFailedtoSetupList is the MBS Session Failed to Setup List IE, TS 38.413 §9.3.1.214.
//
//aper:list 1..32
type MBSSessionFailedtoSetupList []MBSSessionFailedtoSetupItem

// MBSSessionFailedtoSetupItem is part of MBS Session Failed to Setup List, TS 38.413 §9.3.1.214.
//
//aper:sequence
type MBSSessionFailedtoSetupItem struct {
	MBSSessionID     MBSSessionID
	MBSAreaSessionID *MBSAreaSessionID `aper:"optional"`
	Cause            Cause
}
