package pfcp

// The IEs that are sets of flags. Bit 1 of the first octet of flags is 1<<0, bit 1 of the second octet 1<<8.

// ApplyAction says what a FAR does with a packet, TS 29.244 §8.2.26.
type ApplyAction uint16

// Flags of ApplyAction.
const (
	ApplyDROP ApplyAction = 1 << 0
	ApplyFORW ApplyAction = 1 << 1
	ApplyBUFF ApplyAction = 1 << 2
	ApplyNOCP ApplyAction = 1 << 3
	ApplyDUPL ApplyAction = 1 << 4
	ApplyIPMA ApplyAction = 1 << 5
	ApplyIPMD ApplyAction = 1 << 6
	ApplyDFRT ApplyAction = 1 << 7
	ApplyEDRT ApplyAction = 1 << 8
	ApplyBDPN ApplyAction = 1 << 9
	ApplyDDPN ApplyAction = 1 << 10
	ApplyFSSM ApplyAction = 1 << 11
	ApplyMBSU ApplyAction = 1 << 12
)

// ReportType says what a session report holds, TS 29.244 §8.2.21.
type ReportType uint8

// Flags of ReportType.
const (
	ReportDLDR ReportType = 1 << 0 // downlink data
	ReportUSAR ReportType = 1 << 1 // usage
	ReportERIR ReportType = 1 << 2 // error indication
	ReportUPIR ReportType = 1 << 3 // user plane inactivity
	ReportTMIR ReportType = 1 << 4
	ReportSESR ReportType = 1 << 5
	ReportUISR ReportType = 1 << 6
)

// NodeReportType says what a node report holds, TS 29.244 §8.2.69.
type NodeReportType uint8

// Flags of NodeReportType.
const (
	NodeReportUPFR NodeReportType = 1 << 0 // user plane path failure
	NodeReportUPRR NodeReportType = 1 << 1 // user plane path recovery
)

// UPFunctionFeatures are the optional features of a UP function, TS 29.244 §8.2.25.
type UPFunctionFeatures uint64

// Flags of UPFunctionFeatures that Limpid knows.
const (
	UPFeatureBUCP  UPFunctionFeatures = 1 << 0
	UPFeatureDDND  UPFunctionFeatures = 1 << 1
	UPFeatureDLBD  UPFunctionFeatures = 1 << 2
	UPFeatureTRST  UPFunctionFeatures = 1 << 3
	UPFeatureFTUP  UPFunctionFeatures = 1 << 4
	UPFeaturePFDM  UPFunctionFeatures = 1 << 5
	UPFeatureEMPU  UPFunctionFeatures = 1 << 8
	UPFeaturePDIU  UPFunctionFeatures = 1 << 9
	UPFeatureQUOAC UPFunctionFeatures = 1 << 11
	UPFeatureFRRT  UPFunctionFeatures = 1 << 13
	UPFeatureEPFAR UPFunctionFeatures = 1 << 15
	UPFeatureUEIP  UPFunctionFeatures = 1 << 18
	UPFeatureMNOP  UPFunctionFeatures = 1 << 20
	UPFeatureBUNDL UPFunctionFeatures = 1 << 22
	UPFeatureVTIME UPFunctionFeatures = 1 << 26
	UPFeatureNORP  UPFunctionFeatures = 1 << 27
	UPFeatureIP6PL UPFunctionFeatures = 1 << 29
	UPFeatureETHAR UPFunctionFeatures = 1 << 37
)

// CPFunctionFeatures are the optional features of a CP function, TS 29.244 §8.2.58.
type CPFunctionFeatures uint16

// Flags of CPFunctionFeatures.
const (
	CPFeatureLOAD  CPFunctionFeatures = 1 << 0
	CPFeatureOVRL  CPFunctionFeatures = 1 << 1
	CPFeatureEPFAR CPFunctionFeatures = 1 << 2
	CPFeatureSSET  CPFunctionFeatures = 1 << 3
	CPFeatureBUNDL CPFunctionFeatures = 1 << 4
	CPFeatureMPAS  CPFunctionFeatures = 1 << 5
	CPFeatureARDR  CPFunctionFeatures = 1 << 6
	CPFeatureUIAUR CPFunctionFeatures = 1 << 7
	CPFeaturePSUCC CPFunctionFeatures = 1 << 8
	CPFeatureRPGUR CPFunctionFeatures = 1 << 9
)

// MeasurementMethod says what a URR measures, TS 29.244 §8.2.40.
type MeasurementMethod uint8

// Flags of MeasurementMethod.
const (
	MeasureDURAT MeasurementMethod = 1 << 0
	MeasureVOLUM MeasurementMethod = 1 << 1
	MeasureEVENT MeasurementMethod = 1 << 2
)

// ReportingTriggers say when a URR reports, TS 29.244 §8.2.19.
type ReportingTriggers uint32

// Flags of ReportingTriggers.
const (
	TriggerPERIO ReportingTriggers = 1 << 0
	TriggerVOLTH ReportingTriggers = 1 << 1
	TriggerTIMTH ReportingTriggers = 1 << 2
	TriggerQUHTI ReportingTriggers = 1 << 3
	TriggerSTART ReportingTriggers = 1 << 4
	TriggerSTOPT ReportingTriggers = 1 << 5
	TriggerDROTH ReportingTriggers = 1 << 6
	TriggerLIUSA ReportingTriggers = 1 << 7
	TriggerVOLQU ReportingTriggers = 1 << 8
	TriggerTIMQU ReportingTriggers = 1 << 9
	TriggerENVCL ReportingTriggers = 1 << 10
	TriggerMACAR ReportingTriggers = 1 << 11
	TriggerEVETH ReportingTriggers = 1 << 12
	TriggerEVEQU ReportingTriggers = 1 << 13
	TriggerIPMJL ReportingTriggers = 1 << 14
	TriggerQUVTI ReportingTriggers = 1 << 15
	TriggerREEMR ReportingTriggers = 1 << 16
	TriggerUPINT ReportingTriggers = 1 << 17
)

// UsageReportTrigger says why a usage report was made, TS 29.244 §8.2.41.
type UsageReportTrigger uint32

// Flags of UsageReportTrigger.
const (
	UsagePERIO UsageReportTrigger = 1 << 0
	UsageVOLTH UsageReportTrigger = 1 << 1
	UsageTIMTH UsageReportTrigger = 1 << 2
	UsageQUHTI UsageReportTrigger = 1 << 3
	UsageSTART UsageReportTrigger = 1 << 4
	UsageSTOPT UsageReportTrigger = 1 << 5
	UsageDROTH UsageReportTrigger = 1 << 6
	UsageIMMER UsageReportTrigger = 1 << 7
	UsageVOLQU UsageReportTrigger = 1 << 8
	UsageTIMQU UsageReportTrigger = 1 << 9
	UsageLIUSA UsageReportTrigger = 1 << 10
	UsageTERMR UsageReportTrigger = 1 << 11
	UsageMONIT UsageReportTrigger = 1 << 12
	UsageENVCL UsageReportTrigger = 1 << 13
	UsageMACAR UsageReportTrigger = 1 << 14
	UsageQUVTI UsageReportTrigger = 1 << 19
)

// MeasurementInformation modifies what a URR measures, TS 29.244 §8.2.68.
type MeasurementInformation uint8

// UsageInformation says what a usage report covers, TS 29.244 §8.2.60.
type UsageInformation uint8

// DataStatus says what became of the first downlink packet, TS 29.244 §8.2.179.
type DataStatus uint8

// Flags of DataStatus.
const (
	DataStatusDROP DataStatus = 1 << 0
	DataStatusBUFF DataStatus = 1 << 1
)

// SessionEstablishmentReqFlags are the PFCPSEReq-Flags, TS 29.244 §8.2.136.
type SessionEstablishmentReqFlags uint8

// SEReqRESTI tells that the session is re-established after a restart of the UP function.
const SEReqRESTI SessionEstablishmentReqFlags = 1 << 0

// SessionModificationReqFlags are the PFCPSMReq-Flags, TS 29.244 §8.2.31.
type SessionModificationReqFlags uint8

// Flags of SessionModificationReqFlags.
const (
	SMReqDROBU SessionModificationReqFlags = 1 << 0 // drop the buffered packets
	SMReqSNDEM SessionModificationReqFlags = 1 << 1 // send end markers to the old peer
	SMReqQAURR SessionModificationReqFlags = 1 << 2 // query all URRs
)

// SessionReportReqFlags are the PFCPSRReq-Flags, TS 29.244 §8.2.119.
type SessionReportReqFlags uint8

// SRReqPSDBU tells that the UP function deleted the session.
const SRReqPSDBU SessionReportReqFlags = 1 << 0

// SessionReportRspFlags are the PFCPSRRsp-Flags, TS 29.244 §8.2.32.
type SessionReportRspFlags uint8

// Flags of SessionReportRspFlags.
const SRRspDROBU SessionReportRspFlags = 1 << 0 // drop the buffered packets

// AssociationUpdateReqFlags are the PFCPAUReq-Flags, TS 29.244 §8.2.120.
type AssociationUpdateReqFlags uint8

// AssociationReleaseFlags are those of PFCP Association Release Request, TS 29.244 §8.2.77.
type AssociationReleaseFlags uint8

// Flags of AssociationReleaseFlags.
const (
	AssociationReleaseSARR AssociationReleaseFlags = 1 << 0
	AssociationReleaseURSS AssociationReleaseFlags = 1 << 1
)

// decodeFlags reads up to four or eight octets of flags, lowest octet first; min octets must be there.
func decodeFlags(b []byte, least int) (uint64, Cause) {
	if len(b) < least {
		return 0, CauseInvalidLength
	}
	var v uint64
	for i := range min(len(b), 8) {
		v |= uint64(b[i]) << (8 * i)
	}
	return v, 0
}

func appendFlags(dst []byte, v uint64, octets int) []byte {
	for i := range octets {
		dst = append(dst, byte(v>>(8*i)))
	}
	return dst
}

func (f *ApplyAction) decode(b []byte) Cause {
	v, c := decodeFlags(b, 1)
	*f = ApplyAction(v)
	return c
}
func (f ApplyAction) append(dst []byte) []byte { return appendFlags(dst, uint64(f), 2) }

// A Release 15 peer sends five octets or fewer; the features it does not know are absent.
func (f *UPFunctionFeatures) decode(b []byte) Cause {
	v, c := decodeFlags(b, 1)
	*f = UPFunctionFeatures(v)
	return c
}
func (f UPFunctionFeatures) append(dst []byte) []byte { return appendFlags(dst, uint64(f), 6) }

func (f *CPFunctionFeatures) decode(b []byte) Cause {
	v, c := decodeFlags(b, 1)
	*f = CPFunctionFeatures(v)
	return c
}

// The second octet goes only where a bit of it is set: there are UPFs that take one octet and no more.
func (f CPFunctionFeatures) append(dst []byte) []byte {
	if f>>8 == 0 {
		return appendFlags(dst, uint64(f), 1)
	}
	return appendFlags(dst, uint64(f), 2)
}

func (f *ReportingTriggers) decode(b []byte) Cause {
	v, c := decodeFlags(b, 1)
	*f = ReportingTriggers(v & 0xffffff)
	return c
}
func (f ReportingTriggers) append(dst []byte) []byte { return appendFlags(dst, uint64(f), 3) }

func (f *UsageReportTrigger) decode(b []byte) Cause {
	v, c := decodeFlags(b, 1)
	*f = UsageReportTrigger(v & 0xffffff)
	return c
}
func (f UsageReportTrigger) append(dst []byte) []byte { return appendFlags(dst, uint64(f), 3) }
